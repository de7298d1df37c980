from django.urls import URLPattern, path

from vigie.patients import views

app_name = "patients"
urlpatterns: list[URLPattern] = [
    path("", views.index, name="index"),
    path("fiche/<uuid:patient_id>/", views.patient, name="patient"),
    path("fiche/<uuid:patient_id>/modifier/", views.edit, name="edit"),
    path("fiche/<uuid:patient_id>/brut/", views.raw, name="raw"),
    path("fiche/<uuid:patient_id>/archiver/", views.archive, name="archive"),
    path("<str:number>/", views.register, name="register"),
    path("<str:number>/lot/", views.batch, name="batch"),
    path("<str:number>/ajouter/", views.add, name="add"),
    path("<str:number>/importer/", views.import_page, name="import"),
    path("<str:number>/importer/envoi/", views.import_rows, name="import_rows"),
    path("<str:number>/reference/<int:reference>/", views.by_reference, name="by_reference"),
]
