"""The text of a file: its encoding, its compression, and what is not text at all."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass

from app.check.tables import RunFileError

MOST_BYTES = 4_000_000
"""of a file, and of its text once it is unpacked"""

DAMAGED = "this gzip file is damaged or was cut off; compress it again, or give it unpacked"
GZIP = b"\x1f\x8b"

AS_CSV = "save it as CSV"
FROM_PANDAS = "read it with pandas and save it with to_csv or to_json(orient='records', lines=True)"
FROM_TORCH = "load it in Python and write its log-probabilities as CSV or JSON Lines"
UNPACK = "unpack it and give the file that is in it"
AS_TEXT = "give its numbers as text: trainer_state.json, the console's lines, or a CSV export"

KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", FROM_PANDAS),
    (b"ARROW1", "an Arrow file", FROM_PANDAS),
    (b"\xff\xff\xff\xff", "an Arrow stream", FROM_PANDAS),
    (b"Obj\x01", "an Avro file", FROM_PANDAS),
    (b"\x89HDF", "an HDF5 file", FROM_PANDAS),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", AS_CSV),
    (b"SQLite format 3\x00", "an SQLite database", "export the table of metrics as CSV"),
    (b"\x93NUMPY", "a NumPy array (.npy)", FROM_TORCH),
    (b":W&B", "a .wandb file", "export the run's metrics from its page as CSV"),
    (b"%PDF", "a PDF", AS_TEXT),
    (b"\x89PNG", "a picture", AS_TEXT),
    (b"\xff\xd8\xff", "a picture", AS_TEXT),
    (b"GIF8", "a picture", AS_TEXT),
    (b"RIFF", "a picture or a recording", AS_TEXT),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x7fELF", "a program", AS_TEXT),
)
"""how a file begins, what it then is, and what to do instead"""

IN_ZIP: tuple[tuple[bytes, str, str], ...] = (
    (b"xl/workbook", "an Excel workbook (.xlsx)", AS_CSV),
    (b"content.xml", "an OpenDocument file", AS_CSV),
    (b"word/document", "a Word document", AS_TEXT),
    (b"data.pkl", "a PyTorch file", FROM_TORCH),
    (b".npy", "a NumPy archive (.npz)", FROM_TORCH),
)

OF_TORCH = (".pt", ".pth", ".bin", ".ckpt")
"""how names of PyTorch's files end"""

UNICODE_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class Decoded:
    """A file's text."""

    text: str
    notes: tuple[str, ...] = ()
    """how it was encoded, if not plainly"""
    called: str = "the file"


def decoded(data: str | bytes, name: str | None = None) -> Decoded:
    """The text of a file.

    Args:
        name: what the file is called, which tells archives apart

    Raises:
        RunFileError: it is no text, too large, or a damaged archive
    """
    if isinstance(data, str):
        return pasted(data, name)
    packed = data.startswith(GZIP) and len(data) <= MOST_BYTES
    return sent(data, _unpacked(data) if packed else None, name)


def pasted(text: str, name: str | None) -> Decoded:
    """What was given as text. Raises RunFileError as ``decoded`` does."""
    _refuse_too_large(len(text))
    # A binary file that was pasted keeps how it begins, and names within it.
    start = text[: MOST_BYTES if text.startswith("PK") else 600]
    _refuse_binary(start.encode("latin-1", "replace"), name)
    return Decoded(text.removeprefix("\ufeff"), (), "the text")


def sent(data: bytes, unpacked: bytes | None, name: str | None) -> Decoded:
    """What was given as bytes. Raises RunFileError as ``decoded`` does.

    Args:
        unpacked: the beginning of what is packed in it, as far as one byte more than may be; None if
            nothing is, or it is damaged
    """
    _refuse_too_large(len(data))
    notes = []
    if data.startswith(GZIP):
        if unpacked is None:
            raise RunFileError(None, None, DAMAGED)
        _refuse_too_large(len(unpacked))
        data = unpacked
        notes.append("It was unpacked from gzip.")
    _refuse_binary(data, name)
    text, encoding = _text(data)
    if encoding is not None:
        notes.append(f"It was read as {encoding}.")
    return Decoded(text.removeprefix("\ufeff"), tuple(notes))


def _refuse_too_large(size: int) -> None:
    if size > MOST_BYTES:
        raise RunFileError(
            None,
            None,
            f"the file has more than {MOST_BYTES // 1_000_000} MB; give every tenth step or pair of it",
        )


def _unpacked(data: bytes) -> bytes | None:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(MOST_BYTES + 1)
    except (EOFError, OSError, zlib.error):
        return None


def _refuse_binary(data: bytes, name: str | None) -> None:
    kind = _binary_kind(data, name)
    if kind is not None:
        what, instead = kind
        raise RunFileError(None, None, f"this is {what}, which is not read here; {instead}")


def _binary_kind(data: bytes, file_name: str | None) -> tuple[str, str] | None:
    for start, what, instead in KINDS:
        if data.startswith(start):
            return what, instead
    if data.startswith(b"PK"):
        for name, what, instead in IN_ZIP:
            if name in data:
                return what, instead
        if (file_name or "").lower().endswith(OF_TORCH):
            return "a PyTorch file", FROM_TORCH
        return ("a ZIP archive", UNPACK) if data[2:4] in (b"\x03\x04", b"\x05\x06") else None
    if data.startswith(GZIP):
        return "an archive within an archive", UNPACK
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and len(data) > 1:
        return "a Python pickle or an old PyTorch file", FROM_TORCH
    if data[257:262] == b"ustar":
        return "a tar archive", UNPACK
    if b"brain.Event:" in data[:64]:
        return (
            "a TensorBoard event file",
            "in TensorBoard turn on 'Show data download links' and save the curves as CSV",
        )
    if data[8:10] == b'{"' and b'"dtype"' in data[:600]:
        return "a safetensors file", FROM_TORCH
    return None


def _text(data: bytes) -> tuple[str, str | None]:
    """The text, and its encoding if that is not UTF-8."""
    for mark, encoding in UNICODE_MARKS:
        if data.startswith(mark):
            shown = None if encoding == "utf-8-sig" else encoding.upper()
            return data.decode(encoding, "replace"), shown
    if b"\x00" in data:
        encoding = _wide(data)
        return data.decode(encoding, "replace"), "UTF-16"
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def _wide(data: bytes) -> str:
    """Which UTF-16 it is: in a table or a log nearly every character is ASCII, so every other
    byte is 0."""
    pairs = max(1, len(data) // 2)
    for encoding, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if zeros.count(b"\x00") > 0.7 * pairs:
            return encoding
    raise RunFileError(None, None, f"this is a binary file of an unknown kind; {AS_TEXT}")
