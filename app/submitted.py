"""Forms that browsers send without a script, read by what the standard library has."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl


def submitted_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Fields of a form by name; of a name that is given more than once, the last one.

    Reads multipart/form-data, as forms with a file are sent, and application/x-www-form-urlencoded.
    A file is its content.

    Raises:
        ValueError: the body is neither, or not UTF-8
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict"))
    if kind != "multipart/form-data":
        raise ValueError("expected multipart/form-data or application/x-www-form-urlencoded")
    header = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(header + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise ValueError("expected every part of the form to have a name")
        fields[name] = content.decode("utf-8")
    return fields
