// Brings the chosen day into view in the row of days.
"use strict";

const chosen = document.querySelector(".day[aria-current]");
if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.offsetLeft - 16;
