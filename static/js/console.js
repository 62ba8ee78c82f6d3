// Starts what every page has.
import { startActivity } from "./activity.js";
import { startCharts } from "./charts.js";
import { startCopying } from "./copy.js";
import { startFilters } from "./filters.js";
import { startFind } from "./find.js";
import { startKeys } from "./keys.js";
import { startLists } from "./lists.js";
import { startLive } from "./live.js";
import { startSelection } from "./selection.js";
import { watchSessionEnd } from "./session_end.js";
import { startTimes } from "./time.js";
import { startToasts } from "./toast.js";
import { trustHtmx } from "./trusted.js";

trustHtmx();
watchSessionEnd();
startTimes();
startToasts();
startFilters();
startFind();
startKeys();
startCopying();
startLive();
startLists();
startSelection();
startCharts();
startActivity();
