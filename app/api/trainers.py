"""What the names in a trainer's log mean, as JSON."""

from fastapi import APIRouter

from app.check.trainer_table import TrainerTable, trainer_table

router = APIRouter(prefix="/api/v1", tags=["checking"])


@router.get(
    "/trainers",
    summary="What each trainer logs, and what it calls its losses",
    description="Names such as rewards/chosen and losses such as ipo, and what they mean, per trainer "
    "and version.",
    openapi_extra={"x-example": "/api/v1/trainers"},
)
def get_trainers() -> TrainerTable:
    return trainer_table()
