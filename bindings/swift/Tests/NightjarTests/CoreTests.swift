import Nightjar
import XCTest

final class CoreTests: XCTestCase {
    func testTheLibraryLoadsAndTellsItsVersion() {
        XCTAssertNotNil(Core.version.wholeMatch(of: /\d+\.\d+\.\d+/), Core.version)
    }
}
