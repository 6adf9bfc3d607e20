import { handOver } from "../contract.ts";
import { createChat } from "./window.ts";

handOver({ create: createChat });
