"""Peers (a) and (b): a minimal app of FastAPI and Mangum."""

from pathlib import Path

from fastapi import FastAPI, Response
from mangum import Mangum

ANSWER = Path(__file__).with_name("answer.json")  # the same bytes as our function
BODY = ANSWER.read_bytes() if ANSWER.exists() else b"[]"

app = FastAPI()


@app.get("/filmes/{usuario_id}/recomendacoes")
async def hello() -> Response:
    """Answer what the function compared with it answers, ready made."""
    return Response(BODY, media_type="application/json")


handler = Mangum(app, lifespan="off")
