"""Peers (a) and (b): the least that FastAPI and Mangum answer with."""

from pathlib import Path

from fastapi import FastAPI, Response
from mangum import Mangum

ANSWER = Path(__file__).with_name("answer.json")  # what the function compared with it answers
BODY = ANSWER.read_bytes() if ANSWER.exists() else b"[]"

app = FastAPI()


@app.get("/filmes/{usuario_id}/recomendacoes")
async def hello() -> Response:
    """Answer what the function compared with it answers, ready made."""
    return Response(BODY, media_type="application/json")


handler = Mangum(app, lifespan="off")
