from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origin_regex=r"https://(app|admin)\.example\.(com|org)",
    allow_methods=["GET", "DELETE"],
    allow_headers=["X-Token"],
    expose_headers=["X-Total"],
)
