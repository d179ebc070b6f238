/* The list of records: filters, search, more. Everything that comes from records goes in as text, never as markup. */
"use strict";

(function () {
  const PAGE = 60;
  const byId = (id) => document.getElementById(id);
  let records = [];
  /* How many were shown when this page was left for one of its records: most browsers keep nothing else of a page from file://. */
  const shownBefore = () => Math.max(PAGE, Number(history.state && history.state.shown) || 0);
  let shown = shownBefore();

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter((child) => child !== null));
    return made;
  };

  /* Each text that there is, in the direction of its own script. */
  const list = (separator, texts) =>
    texts.filter(Boolean).flatMap((text, at) => [at > 0 ? separator : "", element("bdi", { textContent: text })]);

  const fold = (text) => (text || "").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const searchable = (record) =>
    fold([record.title, record.instrument, record.instrument_pid, record.person, record.motivation, record.name,
          ...(record.samples || []), ...(record.types || [])].join(" "));

  const card = (record) => {
    const page = "records/" + encodeURIComponent(record.name) + "/index.html";
    const picture = record.thumb
      ? element("img", { src: "records/" + encodeURIComponent(record.name) + "/" + record.thumb, alt: "", width: 500, height: 500, loading: "lazy" })
      : element("div", { className: "none", textContent: "no preview" });
    const samples = record.samples || [];
    const data = record.datasets + (record.datasets === 1 ? " dataset" : " datasets");
    return element("li", { className: "card" },
      element("a", { href: page },
        element("div", { className: "picture" }, picture),
        element("div", { className: "text" },
          element("time", { dateTime: record.start, textContent: (record.start || "").slice(0, 16).replace("T", " ") }),
          element("h2", { dir: "auto", textContent: record.title }),
          element("p", {}, ...list(" · ", [record.instrument, record.person])),
          element("p", { className: "quiet" }, data, ...(samples.length ? [" · ", ...list(", ", samples)] : [])))));
  };

  const wanted = () => {
    const words = fold(byId("text").value).split(/\s+/).filter(Boolean);
    const instrument = byId("instrument").value, person = byId("person").value;
    const from = byId("from").value, to = byId("to").value;
    return records.filter((record) => {
      const day = (record.start || "").slice(0, 10);
      return (!instrument || record.instrument_pid === instrument) && (!person || record.person === person) &&
        (!from || day >= from) && (!to || day <= to) && words.every((word) => record.haystack.includes(word));
    });
  };

  const FILTERS = ["text", "instrument", "person", "from", "to"];

  const remember = () => {
    const state = new URLSearchParams();
    for (const id of FILTERS)
      if (byId(id).value) state.set(id, byId(id).value);
    history.replaceState({ shown }, "", state.toString() ? "#" + state : location.pathname + location.search);
  };

  const draw = () => {
    const found = wanted();
    byId("records").replaceChildren(...found.slice(0, shown).map(card));
    byId("more").hidden = found.length <= shown;
    byId("count").textContent = found.length === records.length
      ? records.length + (records.length === 1 ? " record" : " records")
      : found.length + " of " + records.length + " records";
  };

  const fill = (id, pairs) => {
    const sorted = [...pairs].sort((a, b) => a[1].localeCompare(b[1]));
    byId(id).replaceChildren(byId(id).options[0], ...sorted.map(([value, text]) => element("option", { value, textContent: text })));
  };

  /* What the address asks for; a value that no record has (a choice that is not on offer) counts as not given. */
  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const id of FILTERS) {
      byId(id).value = state.get(id) || "";
      if (byId(id).selectedIndex === -1) byId(id).value = "";
    }
  };

  /* The file that has not called its function below: when it is missing or was cut, it never does. */
  let missing = "records.js";

  const tellWhenMissing = () => {
    if (missing && byId("count"))
      byId("count").replaceChildren("The list (" + missing + ") is missing or damaged. The next record that is published makes it anew; ",
        "until then all records are in ", element("a", { href: "records/", textContent: "records/" }), ".");
  };

  /* Of two records of one name the first that came counts. */
  const take = (list) => {
    const names = new Set(records.map((record) => record.name));
    const added = list.filter((record) => !names.has(record.name));
    records = records.concat(added.map((record) => Object.assign(record, { haystack: searchable(record) })));
    records.sort((a, b) => (a.instant < b.instant ? 1 : a.instant > b.instant ? -1 : 0));
    /* Of the names that an instrument has had the last one counts, in the map too: so from the oldest record on. */
    fill("instrument", new Map(records.filter((record) => record.instrument_pid).reverse()
      .map((record) => [record.instrument_pid, record.instrument || record.instrument_pid])));
    fill("person", new Map(records.filter((record) => record.person).map((record) => [record.person, record.person])));
    restore();
    draw();
  };

  /* The newest records, and how many there are in the other file. */
  window.nexuslimsRecords = (list, older = 0) => {
    take(list);
    missing = older > 0 ? "records-older.js" : null;
    if (missing)
      document.head.append(element("script", { src: missing + "?" + older }));
    const again = () => { shown = PAGE; remember(); draw(); };
    byId("filters").addEventListener("input", again);
    window.addEventListener("hashchange", () => { shown = shownBefore(); restore(); draw(); });
    byId("filters").addEventListener("reset", () => setTimeout(again));
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("more").addEventListener("click", () => {
      const next = shown;
      shown += PAGE;
      history.replaceState({ shown }, "");
      draw();
      byId("records").children[next].querySelector("a").focus();
    });
  };

  window.nexuslimsOlderRecords = (list) => {
    take(list);
    missing = null;
  };

  window.addEventListener("load", tellWhenMissing);
  /* On paper nothing can be opened. */
  const opened = [];
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      opened.push(details);
    }
  });
  window.addEventListener("afterprint", () => opened.splice(0).forEach((details) => { details.open = false; }));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && byId("text") && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("text").focus();
    }
  });
})();
