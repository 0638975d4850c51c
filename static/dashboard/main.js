// The page comes whole from the server; once it can be used, what keeps it up to date is asked for.

import { imported, whenUsable } from "../frame/later.js";

whenUsable().then(() => imported(() => import("./live.js")));
