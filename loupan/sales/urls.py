from django.urls import URLPattern, URLResolver, path

from loupan.sales.views import board, quotes

app_name = "sales"
urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", board.board, name="board"),
    path("board/changes/", board.board_data, name="board_data"),
    path("board/control-sheet/", board.control_sheet, name="control_sheet"),
    path("board/release/", board.release, name="release"),
    path("board/withhold/", board.withhold, name="withhold"),
    path("board/offer-again/", board.unwithhold, name="unwithhold"),
    path("units/<int:pk>/", board.unit_panel, name="unit_panel"),
    path("units/<int:pk>/lock/", board.unit_lock, name="unit_lock"),
    path("units/<int:pk>/unlock/", board.unit_unlock, name="unit_unlock"),
    path("units/<int:pk>/hold/", board.unit_hold, name="unit_hold"),
    path("units/<int:pk>/release-hold/", board.unit_unhold, name="unit_unhold"),
    path("units/<int:pk>/quote/", quotes.quote, name="quote"),
    path("units/<int:pk>/quote/why/", quotes.quote_why, name="quote_why"),
    path("units/<int:pk>/quote/paper/", quotes.quote_paper, name="quote_paper"),
]
