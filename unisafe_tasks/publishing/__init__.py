"""Results as others read them: records of several formats, and an upload to the hub.

`publishable` says what may be published of a run and how it is named; a module per format makes the
files; `push` uploads them.
"""
