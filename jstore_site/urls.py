"""Every path of the site, by app. Each app keeps its own paths; pages meet by URL name."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("jstore_site.docs")),
    path("api/v1/", include("serving.api_urls")),
    path("api/v1/", include("processing.api_urls")),
    path("api/v1/", include("features.api_urls")),
    path("", include("monitoring.urls")),
    path("", include("processing.urls")),
    path("", include("serving.urls")),
    path("", include("features.urls")),
]
