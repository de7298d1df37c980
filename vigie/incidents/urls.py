from django.urls import path

from vigie.incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.index, name="index"),
    path("nouveau/", views.file, name="file"),
    path("semblables/", views.similar, name="similar"),
    path("recherche/", views.search, name="search"),
    path("brouillon/<str:key>/", views.draft, name="draft"),
    path("guichet/<slug:slug>/", views.queue, name="queue"),
    path("<str:number>/", views.record, name="record"),
    path("<str:number>/fil/", views.timeline, name="timeline"),
    path("<str:number>/repondre/", views.reply, name="reply"),
    path("<str:number>/note/", views.note, name="note"),
    path("<str:number>/attribuer/", views.assign, name="assign"),
    path("<str:number>/planifier/", views.plan, name="plan"),
    path("<str:number>/observateurs/", views.observe, name="observe"),
    path("<str:number>/suivre/", views.follow, name="follow"),
    path("<str:number>/historique/", views.history, name="history"),
    path("<str:number>/fichiers/<uuid:attachment_id>/", views.attachment, name="attachment"),
]
