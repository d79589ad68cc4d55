"""Settings, read from environment variables named DPO_EXPLAINED_<NAME>."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one server process, or worker."""

    model_config = SettingsConfigDict(env_prefix="DPO_EXPLAINED_", frozen=True)

    max_body_bytes: int = Field(4_000_000, gt=0, description="Largest request body, in bytes.")
    frame_ancestors: str = Field(
        "*",
        pattern=r"^[^;,\r\n]+$",
        description="Sites that may embed widgets: origins separated by spaces, or * for all.",
    )
    concurrent_runs: int = Field(
        2, gt=0, description="Training runs computed at a time, each in a process of its own."
    )
    waiting_runs: int = Field(500, ge=0, description="Longest queue of runs; further ones get 503.")
    runs_per_client: int = Field(
        400,
        gt=0,
        description="Runs that one client address may have, queued or computed; further ones get 429. "
        "A lecture hall may share one address.",
    )
    open_streams: int = Field(
        1000, gt=0, description="Requests that may follow runs at a time; further ones get 503."
    )
    stalled_seconds: float = Field(
        30,
        gt=0,
        description="Seconds after which a client that reads nothing of its stream is disconnected.",
    )
    run_seconds: float = Field(120, gt=0, description="Seconds after which a run is stopped.")
    store: str = Field(
        "",
        description="Where finished runs are stored: a folder, shared by the workers of a machine, or the "
        "address of a Redis (redis://...); by default a temporary folder.",
    )
    store_bytes: int = Field(
        256_000_000, gt=0, description="Largest size of the folder of finished runs, in bytes."
    )
    kept_bytes: int = Field(24_000_000, gt=0, description="Memory for cached responses, in bytes.")
    warm: bool = Field(True, description="Compute the default training runs after the start.")
