"""Routes about the service: its health and its model card."""

from recommender.api.answers import Health, ModelCard
from recommender.api.serving import Ctx, make_router
from recommender.http.caching import FRESH, PUBLIC
from recommender.model.artifact import FORMAT

router = make_router("sobre")


@router.get("/saude", summary="Diz se pode servir", description="200 e a versão em uso, ou 503.")
async def tell_health(ctx: Ctx) -> Health:
    """Answer with the version that is served."""
    ctx.headers.update(FRESH)
    return Health(status="ok", versao=ctx.artifact.version, formato=FORMAT)


@router.get(
    "/modelo",
    summary="A ficha do modelo em uso",
    description="De que dados vem, com que hiperparâmetros, e quão bom é.",
)
async def tell_model(ctx: Ctx) -> ModelCard:
    """Answer with where the model comes from and how good it is."""
    ctx.headers.update(PUBLIC)
    manifest = ctx.artifact.manifest
    return ModelCard(
        versao=manifest["version"],
        formato=manifest["format"],
        dados=manifest["data"],
        treino=manifest["training"],
        hiperparametros=manifest["hyperparameters"],
        metricas=manifest["metrics"],
    )
