"""A mail server with STARTTLS and a login, which prints each mail as a line of JSON. Arguments: port, certificate, key."""
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

port, certificate, key = sys.argv[1:]


class Reader:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "tls": session.ssl is not None,
            "login": session.authenticated,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "mail": envelope.content.decode("utf-8"),
        }
        print(json.dumps(mail), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = LoginPassword(b"openndes", b"open sesame")
    return AuthResult(success=isinstance(data, LoginPassword) and data == right)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
controller = Controller(
    Reader(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
)
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
