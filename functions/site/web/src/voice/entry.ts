import { handOver } from "../contract.ts";
import { join } from "./voice.ts";

handOver({ join });
