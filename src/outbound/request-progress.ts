/** Whether a request has left this machine. */
import { DecoratorHandler, type Dispatcher } from 'undici';

/** `sent`: the request, or the beginning of it, was given to a connection. */
export type Progress = { sent: boolean };

/** The same connections, which say in `progress` when they begin to send. */
export const noting = (dispatcher: Dispatcher, progress: Progress): Dispatcher =>
  dispatcher.compose(
    (dispatch) => (options, handler) => dispatch(options, new NotingHandler(handler, () => (progress.sent = true))),
  );

/** undici calls it when there is a connection, whose TLS handshake is over, before the first octet is written. */
class NotingHandler extends DecoratorHandler implements Dispatcher.DispatchHandler {
  readonly #begins: () => void;
  readonly #inner: Dispatcher.DispatchHandler;
  constructor(handler: Dispatcher.DispatchHandler, begins: () => void) {
    super(handler);
    this.#inner = handler;
    this.#begins = begins;
  }
  onRequestStart(...start: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>): void {
    this.#begins();
    this.#inner.onRequestStart?.(...start);
  }
}
