/** What every page does; each module looks for its own attributes and does nothing where there are none. */

import "./busy.js";
import "./copy.js";
import "./dialog.js";
import "./menu.js";
import "./save_bar.js";
import "./sections.js";
import "./theme.js";
import "./times.js";
import "./toast.js";
