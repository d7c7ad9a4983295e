"""`aitbc language`, `aitbc knowledge`, `aitbc ask-for`: models, their money, documents to search, and wishes in words.

In: a home's settings, words and files of a person. Out: tables, drafts, citations. Nothing here signs or pays but
`ask-for --hire`, which is `aitbc hire` with the words filled in.
"""
