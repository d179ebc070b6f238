/* calendar-write.c — see calendar-write.h. The properties X-NX-SAMPLE, X-NX-PROJECT and X-NX-CONSENT are those that nx-harvest reads. */
#include "calendar-write.h"

#include <libical/ical.h>
#include <string.h>

static struct icaltimetype utc_time(GDateTime *instant)
{
  return icaltime_from_timet_with_zone((time_t)g_date_time_to_unix(instant), 0, icaltimezone_get_utc_timezone());
}

static icalproperty *add_own(icalcomponent *event, const char *name, const char *value)
{
  icalproperty *property = icalproperty_new_x(value);
  icalproperty_set_x_name(property, name);
  icalcomponent_add_property(event, property);
  return property;
}

static void add_own_parameter(icalproperty *property, const char *name, const char *value)
{
  if (!value)
    return;
  icalparameter *parameter = icalparameter_new_x(value);
  icalparameter_set_xname(parameter, name);
  icalproperty_add_parameter(property, parameter);
}

static void add_person(icalcomponent *event, json_object *person)
{
  if (!person)
    return;
  g_autofree char *address = g_strconcat("mailto:", nx_json_get_string(person, "mail"), NULL);
  icalproperty *organizer = icalproperty_new_organizer(address);
  icalproperty_add_parameter(organizer, icalparameter_new_cn(nx_json_get_string(person, "name")));
  icalcomponent_add_property(event, organizer);
}

static void add_samples(icalcomponent *event, json_object *samples)
{
  for (gsize i = 0; samples && i < json_object_array_length(samples); i++) {
    json_object *sample = json_object_array_get_idx(samples, i);
    icalproperty *property = add_own(event, "X-NX-SAMPLE", nx_json_get_string(sample, "name"));
    add_own_parameter(property, "X-PID", nx_json_get_string(sample, "pid"));
    add_own_parameter(property, "X-DETAILS", nx_json_get_string(sample, "details"));
    add_own_parameter(property, "X-ELEMENTS", nx_json_get_string(sample, "elements"));
  }
}

static icalcomponent *make_event(const CalendarEvent *event, GDateTime *now)
{
  json_object *session = event->session;
  icalcomponent *component = icalcomponent_new_vevent();
  icalcomponent_set_uid(component, nx_json_get_string(session, "uid"));
  icalcomponent_set_dtstamp(component, utc_time(now));
  icalcomponent_set_dtstart(component, utc_time(event->start));
  icalcomponent_set_dtend(component, utc_time(event->end));
  icalcomponent_set_summary(component, nx_json_get_string(session, "title"));
  if (nx_json_get_string(session, "purpose"))
    icalcomponent_set_description(component, nx_json_get_string(session, "purpose"));
  add_person(component, nx_json_get(session, "person"));
  add_samples(component, nx_json_get(session, "samples"));
  if (nx_json_get_string(session, "project"))
    add_own(component, "X-NX-PROJECT", nx_json_get_string(session, "project"));
  if (nx_json_get_string(session, "consent"))
    add_own(component, "X-NX-CONSENT", nx_json_get_string(session, "consent"));
  return component;
}

char *calendar_write(const char *name, const GPtrArray *events, GDateTime *now)
{
  icalcomponent *calendar = icalcomponent_new_vcalendar();
  icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
  icalcomponent_add_property(calendar, icalproperty_new_prodid("-//NexusLIMS//demo facility//EN"));
  add_own(calendar, "X-WR-CALNAME", name);
  for (guint i = 0; i < events->len; i++)
    icalcomponent_add_component(calendar, make_event(g_ptr_array_index(events, i), now));
  char *text = icalcomponent_as_ical_string_r(calendar), *copy = g_strdup(text);
  icalmemory_free_buffer(text);
  icalcomponent_free(calendar);
  return copy;
}
