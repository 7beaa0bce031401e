"""Peer (c): the original project's stack; each request unpickles the model."""

import pickle
from typing import Any

import pandas as pd
from fastapi import FastAPI, HTTPException
from mangum import Mangum
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from tables import DATABASE, MODEL, Film, Rating

app = FastAPI()
engine = create_engine(f"sqlite:///file:{DATABASE}?mode=ro&immutable=1&uri=true")


@app.get("/filmes/{usuario_id}/recomendacoes")
def recommend(usuario_id: int, limite: int = 5) -> list[dict[str, Any]]:
    """Return the films that the user's cluster rates highest."""
    scaler, kmeans = pickle.loads(MODEL.read_bytes())  # noqa: S301 as it was
    with Session(engine) as session:
        ratings = pd.read_sql(select(Rating), session.connection())
        matrix = ratings.pivot_table(index="usuario_id", columns="filme_id", values="avaliacao")
        if usuario_id not in matrix.index:
            raise HTTPException(404, f"Usuário com ID {usuario_id} não encontrado.")
        user = scaler.transform(matrix.fillna(0).loc[[usuario_id]])
        center = pd.Series(kmeans.cluster_centers_[kmeans.predict(user)[0]], matrix.columns)
        films = []
        for film_id, score in center.nlargest(limite).items():
            film = session.get_one(Film, film_id)
            films.append(
                {
                    "id": film.id,
                    "titulo": film.titulo,
                    "genero": film.genero,
                    "diretor": film.diretor,
                    "atores": film.atores,
                    "pontuacao": float(score),
                }
            )
    return films


handler = Mangum(app, lifespan="off")
