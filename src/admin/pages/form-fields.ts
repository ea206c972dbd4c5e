/** The fields of a form that a browser sent, as `application/x-www-form-urlencoded` or `multipart/form-data`. */

/** `text`: without spaces around it; empty when it is absent. `exact`: as it was typed. `all`: of boxes that share a name. `file`: its octets; undefined when none was chosen. */
export type Fields = {
  text: (name: string) => string;
  exact: (name: string) => string;
  all: (name: string) => string[];
  file: (name: string) => Promise<Uint8Array | undefined>;
};

/** Reads a body. Throws TypeError when it is not of this type. */
export async function fieldsIn(body: Uint8Array, type: string): Promise<Fields> {
  const data = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const all = (name: string): string[] => data.getAll(name).filter((value) => typeof value === 'string');
  const exact = (name: string): string => all(name)[0] ?? '';
  return {
    all,
    exact,
    text: (name) => exact(name).trim(),
    async file(name) {
      const sent = data.get(name);
      return sent === null || typeof sent === 'string' || sent.size === 0 ? undefined : sent.bytes();
    },
  };
}
