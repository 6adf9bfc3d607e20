"""The message layer once more, independent of ours: pyhpke and OpenSSL, held against Rust and the widget.

    python pyhpke_peer.py      one JSON case a line on stdin, one JSON answer a line on stdout

The client's half, the same words as tests/browser/interop.mjs:
{"op":"seal","id","key":{"kid","kem","public_key"},"method","path","idempotency_key","body"}
    -> {"id","body":{"kid","enc","ct"},"reply_key"}; the context stays open under that id
{"op":"open","id","response":{"nonce","ct"}}
    -> {"id","plaintext"}, or {"id","error":"unsealed"}

The function's half:
{"op":"receive","id","kem","private_key","method","path","idempotency_key","enc","ct"}
    -> {"id","plaintext"}, or {"id","error":"unsealed"}; without "ct" there is no plaintext
{"op":"reply","id","body"}
    -> {"id","response":{"nonce","ct"}}, to the last request that was received under that id
"""

import base64
import hashlib
import json
import os
import sys
from types import SimpleNamespace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from pyhpke.aead import AEAD
from pyhpke.kdf import KDF

REQUEST_INFO = b"sotto/v1 request"
RESPONSE_EXPORT = b"sotto/v1 response"
SMALLEST_PADDED = 256


class XWing:
    """X-Wing (draft-connolly-cfrg-xwing-kem) over OpenSSL's ML-KEM-768 and X25519, as a KEM of pyhpke."""

    ID = 0x647A
    LABEL = rb"\.//^" + b"\\"
    id = SimpleNamespace(value=ID)

    def deserialize_public_key(self, raw):
        if len(raw) != 1216:
            raise ValueError("public key of a wrong length")
        return raw

    def deserialize_private_key(self, raw):
        if len(raw) != 32:
            raise ValueError("private key of a wrong length")
        return raw

    def encap(self, public, _sender=None, _ephemeral=None):
        public_m, public_x = public[:1184], public[1184:]
        secret_m, enc_m = MLKEM768PublicKey.from_public_bytes(public_m).encapsulate()
        ephemeral = X25519PrivateKey.generate()
        enc_x = ephemeral.public_key().public_bytes_raw()
        secret_x = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_x))
        return self.combine(secret_m, secret_x, enc_x, public_x), enc_m + enc_x

    def decap(self, enc, private, _sender=None):
        if len(enc) != 1120:
            raise ValueError("encapsulated key of a wrong length")
        expanded = hashlib.shake_256(private).digest(96)
        private_x = X25519PrivateKey.from_private_bytes(expanded[64:])
        secret_m = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).decapsulate(enc[:1088])
        secret_x = private_x.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
        return self.combine(secret_m, secret_x, enc[1088:], private_x.public_key().public_bytes_raw())

    def combine(self, secret_m, secret_x, enc_x, public_x):
        return hashlib.sha3_256(secret_m + secret_x + enc_x + public_x + self.LABEL).digest()


def x_wing_suite():
    suite_id = b"HPKE" + b"".join(value.to_bytes(2, "big") for value in (XWing.ID, 1, 2))
    return CipherSuite(XWing(), KDF(KDFId.HKDF_SHA256, suite_id), AEAD(AEADId.AES256_GCM))


SUITES = {
    "X-Wing": x_wing_suite(),
    "DHKEM(X25519, HKDF-SHA256)": CipherSuite.new(
        KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM
    ),
}


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def padded(body):
    raw = json.dumps(body, ensure_ascii=False).encode()
    length = SMALLEST_PADDED
    while length < len(raw):
        length *= 2
    return raw.ljust(length)


def aad(case):
    return "\n".join((case["method"], case["path"], case["idempotency_key"])).encode()


def response_cipher(context, enc, nonce):
    """RFC 9458, section 4.4, with this protocol's labels."""
    secret = context.export(RESPONSE_EXPORT, 32)

    def derive(label, length):
        return HKDF(hashes.SHA256(), length, salt=enc + nonce, info=label).derive(secret)

    return AESGCM(derive(b"key", 32)), derive(b"nonce", 12)


class Peer:
    def __init__(self):
        self.sent = {}
        self.received = {}

    def seal(self, case):
        key, suite = case["key"], SUITES[case["key"]["kem"]]
        public = suite.kem.deserialize_public_key(decode(key["public_key"]))
        enc, context = suite.create_sender_context(public, info=REQUEST_INFO)
        ct = context.seal(padded(case["body"]), aad=aad(case))
        self.sent[case["id"]] = (context, enc)
        body = {"kid": key["kid"], "enc": encode(enc), "ct": encode(ct)}
        return {"body": body, "reply_key": f"{key['kid']}.{encode(enc)}"}

    def open(self, case):
        context, enc = self.sent[case["id"]]
        nonce, ct = decode(case["response"]["nonce"]), decode(case["response"]["ct"])
        try:
            cipher, aead_nonce = response_cipher(context, enc, nonce)
            return {"plaintext": json.loads(cipher.decrypt(aead_nonce, ct, None))}
        except Exception:
            return {"error": "unsealed"}

    def receive(self, case):
        suite, enc = SUITES[case["kem"]], decode(case["enc"])
        try:
            private = suite.kem.deserialize_private_key(decode(case["private_key"]))
            context = suite.create_recipient_context(enc, private, info=REQUEST_INFO)
            opened = {}
            if "ct" in case:
                opened["plaintext"] = json.loads(context.open(decode(case["ct"]), aad=aad(case)))
        except Exception:
            return {"error": "unsealed"}
        self.received[case["id"]] = (context, enc)
        return opened

    def reply(self, case):
        context, enc = self.received[case["id"]]
        nonce = os.urandom(32)
        cipher, aead_nonce = response_cipher(context, enc, nonce)
        ct = cipher.encrypt(aead_nonce, padded(case["body"]), None)
        return {"response": {"nonce": encode(nonce), "ct": encode(ct)}}


def main():
    peer = Peer()
    operations = {"seal": peer.seal, "open": peer.open, "receive": peer.receive, "reply": peer.reply}
    for line in sys.stdin:
        if line.strip():
            case = json.loads(line)
            print(json.dumps({"id": case["id"], **operations[case["op"]](case)}), flush=True)


if __name__ == "__main__":
    main()
