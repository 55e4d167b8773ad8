"""Personal data at rest: AES-GCM with key ids, and a keyed index for exact search (DOMAIN 4.4).

The stored text is "keyid:base64(nonce + ciphertext)".  The blind index is HMAC-SHA256 over the normalised
value under a key derived from the first field key ever made, so that rotating encryption keys does not
lose the search; the index is not reversible without the key.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


@lru_cache(maxsize=8)
def _keys(configured: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for position, part in enumerate(configured.split(",")):
        key_id, _, text = part.strip().rpartition(":")
        keys[key_id or f"k{position}"] = hashlib.sha256(f"field:{text}".encode()).digest()
    return keys


@lru_cache(maxsize=8)
def _index_key(configured: str) -> bytes:
    # The last key listed is the oldest: new keys are put in front when rotating.
    oldest = configured.split(",")[-1].strip().rpartition(":")[2]
    return hashlib.sha256(f"index:{oldest}".encode()).digest()


def encrypt(text: str) -> str:
    if not text:
        return ""
    key_id, key = next(iter(_keys(settings.FIELD_KEYS).items()))
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), key_id.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode('ascii')}"


def decrypt(stored: str) -> str:
    if not stored:
        return ""
    key_id, _, text = stored.partition(":")
    raw = base64.b64decode(text)
    key = _keys(settings.FIELD_KEYS)[key_id]
    return AESGCM(key).decrypt(raw[:12], raw[12:], key_id.encode()).decode()


def seal(content: bytes) -> bytes:
    """A file as it is kept: key id, nonce and ciphertext."""
    key_id, key = next(iter(_keys(settings.FIELD_KEYS).items()))
    nonce = os.urandom(12)
    return key_id.encode() + b":" + nonce + AESGCM(key).encrypt(nonce, content, key_id.encode())


def unseal(stored: bytes) -> bytes:
    if not stored:
        return b""
    key_id, _colon, sealed = stored.partition(b":")
    key = _keys(settings.FIELD_KEYS)[key_id.decode()]
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], key_id)


def blind_index(kind: str, normalised: str) -> str:
    """A 32-character keyed digest of a normalised value; equal values give equal digests."""
    if not normalised:
        return ""
    message = f"{kind}\x00{normalised}".encode()
    return hmac.new(_index_key(settings.FIELD_KEYS), message, hashlib.sha256).hexdigest()[:32]


class EncryptedTextField(models.TextField[Any, Any]):
    """Text that is encrypted in the database and plain in Python."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(str(value))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)
