import { inStore } from "./support.ts";
import { testStore } from "./suite/mod.ts";

testStore("a store on a disk", inStore);
