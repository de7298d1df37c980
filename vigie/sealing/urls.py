from django.urls import URLPattern, path

from vigie.sealing import api_views as api
from vigie.sealing import views

app_name = "sealing"
urlpatterns: list[URLPattern] = [
    path("", views.index, name="index"),
    path("<str:number>/", views.overview, name="overview"),
    path("<str:number>/nouvelle-cle/", views.make, name="make"),
    path("<str:number>/confirmer/", views.confirm, name="confirm"),
    path("<str:number>/deverrouiller/", views.unlock, name="unlock"),
    path("<str:number>/reprise/", views.resume, name="resume"),
    path("<str:number>/postes/", views.stations, name="stations"),
    path("<str:number>/deverrouillage/", views.methods, name="methods"),
    path("<str:number>/lecteurs/", views.readers, name="readers"),
    path("<str:number>/empreintes/", views.fingerprints, name="fingerprints"),
    path("<str:number>/travaux/", views.work, name="work"),
    path("<str:number>/cles/<int:epoch>/abandon/", views.withdraw, name="withdraw"),
    path("<str:number>/postes/<uuid:station_id>/nom/", views.station_name, name="station_name"),
    path("<str:number>/postes/<uuid:station_id>/revocation/", views.station_revoke, name="station_revoke"),
    path("<str:number>/deverrouillage/<uuid:wrap_id>/retrait/", views.method_remove, name="method_remove"),
    path("<str:number>/lecteurs/<uuid:connector_id>/", views.connector, name="connector"),
    path("<str:number>/lecteurs/<uuid:connector_id>/retrait/", views.connector_withdraw, name="connector_withdraw"),
    # What the elements ask and send.
    path("<str:number>/trousseau/", api.ring, name="ring"),
    path("<str:number>/cles/", api.keys, name="keys"),
    path("<str:number>/cles/<int:epoch>/confirmation/", api.key_confirmation, name="key_confirmation"),
    path("<str:number>/enveloppes/", api.wraps_reading, name="wraps_reading"),
    path("<str:number>/deverrouillage/ajout/", api.wraps_adding, name="wraps_adding"),
    path("<str:number>/deverrouillage/<uuid:wrap_id>/preuve/", api.wrap_proof, name="wrap_proof"),
    path("<str:number>/postes/inscription/", api.station_registering, name="station_registering"),
    path("<str:number>/postes/<uuid:station_id>/vu/", api.station_seen, name="station_seen"),
    path("<str:number>/postes/<uuid:station_id>/oubli/", api.station_forgotten, name="station_forgotten"),
    path("<str:number>/donnees/", api.data_keys, name="data_keys"),
    path("<str:number>/donnees/<int:data_key>/enveloppe/", api.data_key_envelope, name="data_key_envelope"),
    path("<str:number>/donnees/retrait/", api.data_keys_retiring, name="data_keys_retiring"),
    path("<str:number>/valeurs/<slug:source>/lot/", api.values_batch, name="values_batch"),
    path("<str:number>/valeurs/<slug:source>/remplacement/", api.values_replacing, name="values_replacing"),
    path("<str:number>/lecteurs/<uuid:connector_id>/confirmation/", api.connector_confirmation, name="connector_confirmation"),
    path("<str:number>/alarme/", api.alarm, name="alarm"),
]
