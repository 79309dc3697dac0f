import Tokens

