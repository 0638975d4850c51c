// An agent's own panels: its socket, its orders, its ticket. Without this script the forms do the same.

import { mountOrders } from "./orders.js";
import { mountBook } from "./book.js";
import { mountTicket } from "./ticket.js";
import { mountSocket } from "./socket.js";
import { feed } from "../frame/live.js";

const orders = document.getElementById("open-orders") && mountOrders(feed);
const ladder = document.getElementById("ladder");
const ticket = document.getElementById("order");
if (ladder && orders) mountBook(ladder);
if (ticket) mountTicket(ticket, orders);
mountSocket(feed);
