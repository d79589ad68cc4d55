"""The application with one more route, which computes nothing: the floor of light endpoints."""

from fastapi import FastAPI

from app.main import create_app

CONSTANT: dict[str, float | str] = {
    "margin": 3.0,
    "probability": 0.953,
    "loss": 0.0486,
    "finding": "always the same",
}


def create() -> FastAPI:
    """Factory for uvicorn."""
    app = create_app()

    @app.get("/constant", summary="Always the same", tags=["benchmark"])
    def constant() -> dict[str, float | str]:
        return CONSTANT

    return app
