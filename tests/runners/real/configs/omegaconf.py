"""The names that MMaDA's code imports for its training, since a package below has no wheel."""


class DictConfig:
    pass


class ListConfig:
    pass


class OmegaConf:
    pass
