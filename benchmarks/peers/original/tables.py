"""The tables and files of peer (c)."""

from pathlib import Path

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE = Path(__file__).with_name("filmes.db")
MODEL = Path(__file__).with_name("modelo.pkl")


class Base(DeclarativeBase):
    """Base class of all tables."""


class User(Base):
    """A user."""

    __tablename__ = "usuarios"
    id: Mapped[int] = mapped_column(primary_key=True)
    nome: Mapped[str]


class Film(Base):
    """A film."""

    __tablename__ = "filmes"
    id: Mapped[int] = mapped_column(primary_key=True)
    titulo: Mapped[str]
    genero: Mapped[str]
    diretor: Mapped[str]
    atores: Mapped[str]


class Rating(Base):
    """A user's rating of a film."""

    __tablename__ = "avaliacoes"
    usuario_id: Mapped[int] = mapped_column(ForeignKey("usuarios.id"), primary_key=True)
    filme_id: Mapped[int] = mapped_column(ForeignKey("filmes.id"), primary_key=True)
    avaliacao: Mapped[float]
