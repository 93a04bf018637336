"""A fresh clone in another folder: does it start with one command, and does it end?"""
