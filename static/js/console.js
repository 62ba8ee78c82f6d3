// Starts what every page has.
import { startActivity } from "./activity.js";
import { startSignals } from "./alert_signals.js";
import { startAlerts } from "./alerts.js";
import { startCharts } from "./charts.js";
import { startFilters } from "./filters.js";
import { startFind } from "./find.js";
import "./go_on.js";
import { startKeys } from "./keys.js";
import { startLists } from "./lists.js";
import { startLive } from "./live.js";
import { watchSessionEnd } from "./session_end.js";
import { startFolding } from "./tail.js";
import { startTimes } from "./time.js";
import { startToasts } from "./toast.js";
import { trustHtmx } from "./trust.js";

// What not every page needs is not fetched by every page.
async function startWhere(selector, module, start) {
  if (document.querySelector(selector)) (await import(module))[start]();
}

trustHtmx();
watchSessionEnd();
startTimes();
startToasts();
startFilters();
startFind();
startKeys();
startLive();
startLists();
startCharts();
startActivity();
startFolding();
startAlerts();
startSignals();
await Promise.all([
  startWhere("[data-alert-pick]", "./alert_selection.js", "startAlertSelection"),
  startWhere("[data-list]", "./blocks.js", "startBlocks"),
  startWhere("[data-list], [data-place-signal]", "./list_place.js", "startListPlace"),
  startWhere("[data-ask], [data-clears]", "./ask.js", "startAsking"),
  startWhere("[data-map]", "./map.js", "startMap"),
  startWhere("[data-one-by-one]", "./one_by_one.js", "startOneByOne"),
  startWhere("#sims-peek", "./peek.js", "startPeek"),
  startWhere("[data-list]", "./days.js", "startDays"),
  startWhere("main form[method='post']:not([hx-post])", "./kept_forms.js", "startKeepingForms"),
  startWhere("[data-edit]", "./edit_in_place.js", "startEditing"),
  startWhere("[data-copy], #sims-peek", "./copy.js", "startCopying"),
  startWhere("[data-pick-link], [data-file-into]", "./selection.js", "startSelection"),
  startWhere("[data-sms-text]", "./sms_text.js", "startSmsText"),
]);
document.documentElement.dataset.started = ""; // every click is answered by a script from here on
