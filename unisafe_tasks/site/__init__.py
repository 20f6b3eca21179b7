"""A public leaderboard of static pages, and the check of what is submitted to it.

`build` writes the site of `submissions`, `models_file` says who made the models, `front_page` and
`model_page` are what `pages` fills the templates with. `check` looks at a submission, and
`full_set` says what must be in it.
"""
