"""OpenAI's dialects: a module for each, with its requests and its answers."""
