"""The few settings, read from the environment as DPO_EXPLAINED_<NAME>."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each with its default and what it is for."""

    model_config = SettingsConfigDict(env_prefix="DPO_EXPLAINED_", frozen=True)

    max_body_bytes: int = Field(4_000_000, gt=0, description="largest accepted request body")
    frame_ancestors: str = Field(
        "*",
        pattern=r"^[^;,\r\n]+$",
        description="whose pages may embed a widget: origins with spaces between them, or * for all",
    )
    concurrent_runs: int = Field(
        2, gt=0, description="training runs at a time in one worker, each in a process of its own"
    )
    waiting_runs: int = Field(
        500, ge=0, description="runs that may wait in the queue of one worker; then 503"
    )
    runs_per_client: int = Field(
        400,
        gt=0,
        description="runs of one client address that may wait or go on, a lecture hall behind one address "
        "included; then 429",
    )
    open_streams: int = Field(
        1000, gt=0, description="requests that may follow runs in one worker; then 503"
    )
    stalled_seconds: float = Field(
        30, gt=0, description="that a reader of a stream may take nothing of it; then cut off"
    )
    run_seconds: float = Field(120, gt=0, description="that one run may take; then it is stopped")
    store: str = Field(
        "",
        description="where finished runs are kept: a folder, which the workers of a machine share, or the "
        "address of a Redis (redis://...); by default a folder that goes with the server",
    )
    store_bytes: int = Field(
        256_000_000, gt=0, description="largest size of the folder of finished runs"
    )
    kept_bytes: int = Field(
        24_000_000, gt=0, description="memory for answers that are kept, in one worker"
    )
    warm: bool = Field(True, description="compute the default training runs soon after start")
