"""What privacy itself knows about people: nothing yet."""

from privacy.contract import Model

MODELS: tuple[Model, ...] = ()
