"""Any other LangChain chat model, and what LangChain needs from all of them."""
