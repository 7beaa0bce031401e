"""Routes on which the service tells of itself."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from recommender import problems
from recommender.artifact import FORMAT
from recommender.routes import Route
from recommender.schemas import Health, ModelCard
from recommender.serving import InUse

router = APIRouter(responses=problems.COMMON, route_class=Route)


@router.get(
    "/saude",
    response_model=Health,
    summary="Diz se pode servir",
    description="200 e a versão em uso, ou 503.",
)
async def health(use: InUse) -> JSONResponse:
    """Tell the version that is served; without any, the answer is 503."""
    return JSONResponse({"status": "ok", "versao": use.artifact.version, "formato": FORMAT})


@router.get(
    "/modelo",
    response_model=ModelCard,
    summary="A ficha do modelo em uso",
    description="De que dados vem, com que hiperparâmetros, e quão bom é.",
)
async def model_card(use: InUse) -> JSONResponse:
    """Tell where the model comes from and how good it is."""
    manifest = use.artifact.manifest
    card = {
        "versao": manifest["version"],
        "formato": manifest["format"],
        "dados": manifest["data"],
        "treino": manifest["training"],
        "hiperparametros": manifest["hyperparameters"],
        "metricas": manifest["metrics"],
    }
    return JSONResponse(card)
