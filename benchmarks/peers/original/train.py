"""Fills the database of peer (c) and pickles its model: ``python train.py mock_data.json``."""

import json
import pickle
import sys
from pathlib import Path

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from tables import DATABASE, MODEL, Base, Film, Rating, User

data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
DATABASE.unlink(missing_ok=True)
engine = create_engine(f"sqlite:///{DATABASE}")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all(User(id=user["id"], nome=user["nome"]) for user in data["usuarios"])
    session.add_all(Film(**film) for film in data["filmes"])
    columns = [column.name for column in Rating.__table__.columns]  # it knows no times
    session.add_all(
        Rating(**{name: rating[name] for name in columns}) for rating in data["avaliacoes"]
    )
    session.commit()

ratings = pd.DataFrame(data["avaliacoes"])
matrix = ratings.pivot_table(index="usuario_id", columns="filme_id", values="avaliacao").fillna(0)
scaler = StandardScaler().fit(matrix)
kmeans = KMeans(n_clusters=5, random_state=42, n_init=10).fit(scaler.transform(matrix))
MODEL.write_bytes(pickle.dumps((scaler, kmeans)))
