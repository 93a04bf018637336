"""Reference (c): the chat that the Channels tutorial leads to, with the message stored. Nothing in it is made slow."""
