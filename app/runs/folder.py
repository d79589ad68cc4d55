"""The folder of finished runs that goes with a server, where a folder can be made at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

log = logging.getLogger(__name__)


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Its path, or an empty one on a file system that can not be written: then runs are not kept."""
    with ExitStack() as stack:
        try:
            folder = TemporaryDirectory(prefix="dpo-explained-", ignore_cleanup_errors=True)
            path = stack.enter_context(folder)
        except OSError as error:
            log.warning("runs are not kept: %s", error)
            path = ""
        yield path
