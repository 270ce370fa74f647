"""Who vouches for a checkpoint folder: a list of its files' hashes, signed with Ed25519.

`manifest.json` holds the SHA-256 of every other file and the fingerprint of the form's schema;
`manifest.sig` holds the signature over its bytes (RFC 8032) and the public key. A folder whose
files are not those of its manifest is never loaded. Whose key is trusted is the operator's to say.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xattn.data.clinical import Schema
from xattn.errors import CheckpointError

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
KEYS = "XATTN_KEYS"
"""Environment variable: files of trusted public keys (PEM), separated as in PATH."""
FORMAT = 1
MOST_FILES = 200

State = Literal["signed", "unknown signer", "unsigned"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a folder is signed, by which key (first digits of its SHA-256), and what that says.

    `schema` is the fingerprint that its manifest states; empty of an unsigned folder.
    """

    state: State
    signer: str = ""
    schema: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether it may be loaded without acknowledgement."""
        return self.state == "signed"

    @property
    def sentence(self) -> str:
        """What a person must know before it speaks."""
        return {
            "signed": f"Signed by a key that is trusted here ({self.signer}); no file was changed.",
            "unknown signer": (
                f"No file was changed since it was signed, but the key ({self.signer}) is not "
                "trusted here: anyone may have signed it."
            ),
            "unsigned": "Not signed: nobody vouches for what this folder holds.",
        }[self.state]


def standing(folder: Path, trusted: Sequence[bytes] | None = None) -> Standing:
    """Who vouches for a folder; `trusted` are raw public keys, those of `XATTN_KEYS` unless given.

    Raises:
        CheckpointError: if a file was changed, added or removed since it was signed, the signature
            is not of the manifest, or a trusted key cannot be read.
    """
    if not any((folder / name).exists() for name in (MANIFEST, SIGNATURE)):
        return Standing("unsigned")
    manifest = _read(folder / MANIFEST)
    key = _verified(manifest, _read(folder / SIGNATURE))
    schema = _unchanged(folder, manifest)
    known = trusted_keys() if trusted is None else trusted
    state: State = "signed" if key in known else "unknown signer"
    return Standing(state, hashlib.sha256(key).hexdigest()[:16], schema)


def refuse_changed(folder: Path) -> None:
    """Refuse a folder whose files are not those that were signed; an unsigned one passes.

    Raises:
        CheckpointError: as `standing`.
    """
    standing(folder, ())


def sign(folder: Path, key: Path, schema: Schema) -> Path:
    """Write manifest and signature into a folder and give the signature's path.

    Raises:
        CheckpointError: if the key or a file cannot be read, or the folder cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        secret = load_pem_private_key(_read(key), password=None)
    except (ValueError, TypeError):
        secret = None
    if not isinstance(secret, Ed25519PrivateKey):
        raise CheckpointError("An Ed25519 key in PEM was expected; make one with sign --make.")
    content = {"format": FORMAT, "schema": fingerprint(schema), "files": _hashes(folder)}
    manifest = (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
    public = secret.public_key().public_bytes_raw().hex()
    signed = {"key": public, "signature": secret.sign(manifest).hex()}
    try:
        (folder / MANIFEST).write_bytes(manifest)
        (folder / SIGNATURE).write_text(json.dumps(signed, indent=2) + "\n", "utf-8")
    except OSError:
        raise CheckpointError("The checkpoint folder must be writable to be signed.") from None
    return folder / SIGNATURE


def make_keys(name: Path) -> tuple[Path, Path]:
    """Write a new key pair as NAME.key, which only its owner may read, and NAME.pub.

    Raises:
        CheckpointError: if either is there already, or cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Ed25519PrivateKey.generate()
    private = secret.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = secret.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    paths = name.with_name(f"{name.name}.key"), name.with_name(f"{name.name}.pub")
    try:
        for path, content, mode in zip(paths, (private, public), (0o600, 0o644), strict=True):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
    except OSError:
        raise CheckpointError(
            "A key pair needs a new name in a folder that can be written; choose another."
        ) from None
    return paths


def trusted_keys() -> tuple[bytes, ...]:
    """The raw public keys in the files that `XATTN_KEYS` names.

    Raises:
        CheckpointError: if one is no Ed25519 public key.
    """
    named = [Path(part) for part in os.environ.get(KEYS, "").split(os.pathsep) if part]
    return tuple(_public(_read(path)) for path in named)


def fingerprint(schema: Schema) -> str:
    """SHA-256 over what a form's encoding depends on: fields, their order, scales and answers."""
    plain = [
        [field.name, *(getattr(field, name, None) for name in ("codes", "centre", "spread"))]
        for field in schema
    ]
    content = [schema.name, plain, schema.applies]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _public(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise CheckpointError(f"{KEYS} must name Ed25519 public keys in PEM; correct it.")
    return key.public_bytes_raw()


def _verified(manifest: bytes, signature: bytes) -> bytes:
    """The raw public key under whose signature the manifest stands."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        plain = json.loads(signature)
        key, signed = bytes.fromhex(plain["key"]), bytes.fromhex(plain["signature"])
        Ed25519PublicKey.from_public_bytes(key).verify(signed, manifest)
    except (InvalidSignature, KeyError, TypeError, ValueError):
        raise CheckpointError(
            "The checkpoint's signature is not of its manifest; get the folder again."
        ) from None
    return key


def _unchanged(folder: Path, manifest: bytes) -> str:
    """The fingerprint that a manifest states, once every file is as it says."""
    try:
        plain = json.loads(manifest)
        number, files, schema = plain["format"], dict(plain["files"]), str(plain["schema"])
    except (KeyError, TypeError, ValueError):
        raise CheckpointError("The checkpoint's manifest is not as xattn writes it.") from None
    if number != FORMAT:
        raise CheckpointError(
            f"Expected a manifest of format {FORMAT}, however: {number!r}; update xattn."
        )
    if files != _hashes(folder):
        raise CheckpointError(
            "Files of the checkpoint were changed, added or removed since it was signed; it is not "
            "loaded. Get the folder again."
        )
    return schema


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below the folder but manifest and signature, by its path.

    Raises:
        CheckpointError: if there is a link, too many files, or one that cannot be read.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise CheckpointError("A checkpoint folder of plain files was expected, not links.")
        if path.is_dir() or name in (MANIFEST, SIGNATURE):
            continue
        if len(found) == MOST_FILES:
            raise CheckpointError(f"A checkpoint folder holds at most {MOST_FILES} files.")
        try:
            with path.open("rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            raise CheckpointError("Every file of a checkpoint folder must be readable.") from None
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise CheckpointError(
            "A key, manifest or signature that can be read was expected."
        ) from None
