"""The service's addresses."""

from __future__ import annotations

import asyncio
import dataclasses
import difflib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.errors import FacialisError
from facialis.faces.sources import display_name
from facialis.service import describe, work
from facialis.service.answers import file_answer, objects_answer, page_answer
from facialis.service.bodies import Bodies
from facialis.service.describe import PROBLEMS, files_body, points_body
from facialis.service.given import check_files, invalid, judged_as, moved_points, points_of
from facialis.service.guard import Guard, problem_of
from facialis.service.metrics import MEDIA_TYPE as METRICS_TYPE
from facialis.service.metrics import Metrics
from facialis.service.pool import Pool
from facialis.service.problems import MEDIA_TYPE, Problem
from facialis.service.schemas import Explanations, Findings, Health, ModelOut, PointsIn, SetOut
from facialis.service.settings import Settings
from facialis.service.site import site_files
from facialis.service.work import Options, Rows
from facialis.words import languages

T = TypeVar("T")

Face = Annotated[
    str,
    Query(pattern="^(only|largest|all|[1-9][0-9]{0,2})$", description="Which of several: only, largest, all, N."),
]
Prevalence = Annotated[float, Query(gt=0, lt=1, description="How probable palsy is beforehand.")]
Flag = Annotated[bool, Query()]
Language = Annotated[str, Query(pattern=f"^({'|'.join(languages())})$", description="Of sentences and pages.")]


def create_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its workers start with it."""
    bundle = Bundle.load(settings.bundle or None)
    pool = Pool(settings.workers, settings.queue, work.start, settings)
    bodies, metrics, site = Bodies(settings), Metrics(), site_files(bundle)
    metrics.watch("waiting", "Requests that wait for a worker.", lambda: pool.waiting)
    metrics.watch("working", "Requests that a worker is busy with.", lambda: pool.working)
    metrics.watch("worker_deaths", "Worker processes that died or were ended.", lambda: pool.deaths)
    metrics.watch("held_bytes", "Bytes of bodies in memory.", lambda: sum(bodies.held.bytes.values()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        yield
        await pool.close()

    app = FastAPI(
        title="facialis", version=__version__, description=describe.ABOUT, lifespan=lifespan, docs_url=None,
        redoc_url=None, separate_input_output_schemas=False, dependencies=[Depends(only_known)],
    )  # fmt: skip

    async def judged(request: Request, seconds: float, function: Callable[..., T], *arguments: Any) -> T:
        """Run work for a request; a client that goes away frees its place."""
        return await _unless_gone(request, pool.run(function, *arguments, seconds=seconds))

    def seconds_for(video: bool) -> float:
        return settings.video_timeout if video else settings.photo_timeout

    @app.post("/v1/detect", response_model=Findings, responses=PROBLEMS, openapi_extra=files_body(prompts=True))
    async def detect(
        request: Request,
        face: Face = "only",
        prevalence: Prevalence = 0.5,
        force: Flag = False,
        careful: Flag = False,
        landmarks: Flag = False,
        rate: Annotated[float, Query(gt=0, le=1000, description="Frames a second of a video that are measured.")] = 30,
    ) -> Response:
        """Judge photos and videos."""
        async with bodies.form(request) as form:
            options = Options(face, prevalence, force, careful, landmarks, rate, form.fields.get("prompts", ""))
            objects: list[bytes] = []
            bad: list[Rows] = []
            for file in form.files:
                rows = await judged(request, seconds_for(file.video), work.detect, file, options)
                objects += rows.objects
                bad += [rows] if rows.error else []
                metrics.file("unreadable" if rows.error else "video" if file.video else "photo")
            if len(bad) == len(form.files):
                status = bad[0].status if len({rows.status for rows in bad}) == 1 else 422
                raise Problem(status, bad[0].error, errors=[rows.error for rows in bad] if len(bad) > 1 else ())
        return objects_answer("findings", objects)

    @app.post("/v1/detect/landmarks", response_model=Findings, responses=PROBLEMS, openapi_extra=points_body(PointsIn))
    async def detect_landmarks(request: Request) -> Response:
        """Judge the landmarks of a face: no picture leaves the client, and nothing of its picture is checked."""
        points = await points_of(request, bodies)
        rows = await judged(request, settings.photo_timeout, work.detect_points, *judged_as(points, landmarks=True))
        return objects_answer("findings", rows.objects)

    @app.post("/v1/explain", response_model=Explanations, responses=PROBLEMS, openapi_extra=files_body(points=PointsIn))
    async def explain(
        request: Request,
        language: Language = "en",
        face: Face = "only",
        force: Flag = False,
        careful: Flag = False,
        landmarks: Flag = False,
    ) -> Response:
        """Say what moved the model's answer about photos, or about the landmarks of a face."""
        if request.headers.get("content-type", "").lower().startswith("application/json"):
            given = await points_of(request, bodies)
            shown, options, source = judged_as(given, landmarks=landmarks)
            rows = await judged(request, settings.photo_timeout, work.explain, None, shown, options, language, source)
            return objects_answer("explanations", rows.objects)
        options = Options(face=face, force=force, careful=careful, landmarks=landmarks)
        async with bodies.form(request) as form:
            check_files(form)
            objects: list[bytes] = []
            for file in form.files:
                rows = await judged(request, settings.photo_timeout, work.explain, file, None, options, language, "")
                if rows.error:
                    raise Problem(rows.status, rows.error)
                objects += rows.objects
        return objects_answer("explanations", objects)

    @app.post("/v1/report", responses=PROBLEMS | describe.HTML, openapi_extra=files_body(report=True))
    async def report(
        request: Request,
        language: Language = "en",
        face: Face = "only",
        prevalence: Prevalence = 0.5,
        force: Flag = False,
        careful: Flag = False,
        no_photo: Annotated[bool, Query(description="Draw the landmarks only, for sharing.")] = False,
        names: Annotated[bool, Query(description="Show the files' names, not numbers.")] = False,
    ) -> Response:
        """Make the page on photos: to read, print and share."""
        options = Options(face, prevalence, force, careful)
        async with bodies.form(request) as form:
            check_files(form, photos=True)
            given, moved = moved_points(form)
            page = await judged(
                request, settings.video_timeout if len(form.files) > 4 else settings.photo_timeout,
                partial(work.report, photos=not no_photo, names=names), form.files, options, language, given, moved,
            )  # fmt: skip
        return page_answer(page, "facialis-report.html")

    @app.post("/v1/photo-set", response_model=SetOut, responses=PROBLEMS | describe.HTML_OR_JSON,
              openapi_extra=files_body())  # fmt: skip
    async def photo_set(
        request: Request,
        language: Language = "en",
        title: Annotated[str, Query(max_length=100, description="What the person is called on the page.")] = "",
        no_photo: Flag = False,
        prevalence: Prevalence = 0.5,
        force: Flag = False,
    ) -> Response:
        """Lay out one person's standard views, each file named by its view: rest.jpg, large_smile.jpg, ..."""
        kind = "json" if "application/json" in request.headers.get("accept", "") else "html"
        options = Options(prevalence=prevalence, force=force)
        async with bodies.form(request) as form:
            check_files(form, photos=True)
            seconds = settings.video_timeout
            made = await judged(
                request,
                seconds,
                partial(work.photo_set, photos=not no_photo),
                form.files,
                options,
                language,
                title,
                kind,
            )
        if isinstance(made, Rows):
            return Response(b'{"set":' + made.objects[0] + b"}", media_type="application/json")
        return page_answer(made, "facialis-set.html")

    @app.get("/v1/model", response_model=ModelOut, responses=PROBLEMS)
    async def model(
        card: Annotated[bool, Query(description="Whether to tell the card, which is large.")] = True,
    ) -> Response:
        """Tell what judges: the bundle's card, its hash, and the service's limits."""
        limits = {name: getattr(settings, name) for name in _LIMITS}
        told = ModelOut(
            card=dataclasses.asdict(bundle.card) if card else {},
            hash=bundle.hash,
            limits=limits,
            engine="engine/local.js" in site and "engine/face_landmarker.task" in site,
            version=__version__,
        )
        return Response(json.dumps(told.model_dump(), allow_nan=False), media_type="application/json")

    @app.get("/healthz", response_model=Health, responses={503: PROBLEMS[503]})
    async def healthz() -> Response:
        """Say whether it works: at least one worker is at hand."""
        if not any(pool.pids):
            raise Problem(503, "no worker is at hand", headers={"Retry-After": "5"})
        return Response(b'{"status":"ok"}', media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type=METRICS_TYPE)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(describe.docs_page(app.openapi()), media_type="text/html; charset=utf-8")

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        file = site.get(path or "index.html")
        known = app.openapi()["paths"].get(f"/{path}")
        if file is None and known is not None:
            allowed = ", ".join(sorted(known)).upper()
            raise Problem(405, f"/{path} is asked by {allowed}: see /docs", headers={"Allow": allowed})
        if file is None:
            raise Problem(404, "there is nothing here; the page is at /, the service's description at /docs")
        return await file_answer(file, request)

    async def told(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        return Response(problem.body(request.state.request_id), problem.status, problem.headers, media_type=MEDIA_TYPE)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return await told(request, invalid(error.errors(), "the request is not as described at /docs"))

    async def unfit(request: Request, error: Exception) -> Response:
        return await told(request, Problem(422, str(error)))

    app.add_exception_handler(Problem, told)
    app.add_exception_handler(FacialisError, unfit)
    app.add_exception_handler(HTTPException, told)
    app.add_exception_handler(RequestValidationError, refused)
    app.add_middleware(Guard, settings=settings, metrics=metrics)
    return app


async def only_known(request: Request) -> None:
    """Refuse a parameter in the address that the route does not know: misspelt, it would change nothing without a word.

    Raises
    ------
    Problem
        Which, and the nearest known one.
    """
    known = [parameter.alias for parameter in request.scope["route"].dependant.query_params]
    for name in request.query_params:
        if known and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise Problem(422, f"no parameter is named {display_name(name[:40])}; {meant}")


_LIMITS = ("photo_bytes", "video_bytes", "body_bytes", "pixels", "video_seconds", "video_frames", "files")


async def _unless_gone(request: Request, job: Coroutine[Any, Any, T]) -> T:
    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(job), asyncio.ensure_future(gone())
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Problem(499, "the client went away")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
