"""Keys of what the bucket holds of models and their releases."""

MODELS = "modelos/"  # a folder for each model, named by its version
LAYER_FILE = "camada.zip"
IMPORT_FILE = "importacao.json"
RELEASES = "publicacoes/"


def layer_key(model: str) -> str:
    """Return the key of a model as a layer. It comes last, so a model with a layer is whole."""
    return f"{MODELS}{model}/{LAYER_FILE}"


def import_key(model: str) -> str:
    """Return the key of what is known of the import of a model's profile table."""
    return f"{MODELS}{model}/{IMPORT_FILE}"


def decision_key(model: str, after: int) -> str:
    """Return the key of what the gate decided about a model against a release (0: none)."""
    return f"{MODELS}{model}/decisoes/{after:08d}.json"


def turn_key(release: int) -> str:
    """Return the key of who came first: the release to move the alias, or a rollback of it."""
    return f"{RELEASES}{release:08d}.vez.json"


def deployment_key(release: int) -> str:
    """Return the key of the deployment by which a release goes live step by step."""
    return f"{RELEASES}{release:08d}.implantacao.json"
