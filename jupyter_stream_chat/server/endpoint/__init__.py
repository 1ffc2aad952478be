"""The models of this server for ordinary clients: what OpenAI's protocol asks and answers.

``question`` reads a request, ``answer`` writes what a run says, ``refusal`` says what is wrong. Nothing is
stored. Knows no tornado.
"""
